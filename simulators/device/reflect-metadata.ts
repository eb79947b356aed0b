const store = new WeakMap<object, Map<unknown, unknown>>()

function own(key: unknown, target: object): unknown {
  return store.get(target)?.get(key)
}

/**
 * Gives Reflect the three methods of the metadata proposal that @peculiar/x509 (through tsyringe) asks for at import;
 * their full polyfill would be a dependency for forty lines. Leaves one that is there alone.
 */
export function provideReflectMetadata(): void {
  if ('getMetadata' in Reflect) return
  Object.assign(Reflect, {
    defineMetadata(key: unknown, value: unknown, target: object): void {
      const known = store.get(target) ?? new Map<unknown, unknown>()
      known.set(key, value)
      store.set(target, known)
    },
    getOwnMetadata: own,
    getMetadata(key: unknown, target: object): unknown {
      for (let at: object | null = target; at; at = Object.getPrototypeOf(at)) {
        const value = own(key, at)
        if (value !== undefined) return value
      }
      return undefined
    },
  })
}
