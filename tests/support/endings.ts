import { afterEach } from 'vitest'

/** What the test that runs has still to end, newest first. Returns the function that adds to it; call it once per file. */
export function endings(): (ending: () => unknown) => void {
  const open: (() => unknown)[] = []
  afterEach(async () => {
    for (const ending of open.splice(0).reverse()) await ending()
  })
  return (ending) => void open.push(ending)
}
