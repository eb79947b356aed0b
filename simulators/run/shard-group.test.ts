import { expect, it } from 'vitest'
import { devicesText } from './shard-group.ts'

it('says which devices a shard drove', () => {
  const text = (devices: number, index: number, count: number) =>
    devicesText({ devices, share: { index, count } })

  expect(text(7, 0, 1)).toBe('all devices')
  expect(text(1, 1, 2)).toBe('1 device (number 1)')
  expect(text(2, 1, 2)).toBe('2 devices (number 1, 3)')
  expect(text(5, 2, 3)).toBe('5 devices (number 2, 5 and so on)')
})
