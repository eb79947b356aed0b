import type { Profile } from '../profile.ts'
import type { Report } from './checker.ts'

/** Cells that links name and nobody has described. */
export function checkLinks(profile: Profile, report: Report): void {
  const names = Object.keys(profile.cells)
  for (const [fleet, { link }] of profile.fleets.entries()) {
    for (const [index, { cell }] of (link ?? []).entries()) {
      if (cell === undefined || names.includes(cell)) continue
      report(
        ['fleets', fleet, 'link', index, 'cell'],
        `no cell is named "${cell}"`,
        names.length > 0
          ? `The cells are ${names.join(', ')}.`
          : `Describe it: "cells": { "${cell}": { "up": "10Mbit/s", "down": "30Mbit/s" } }.`,
      )
    }
  }
}

/** Links that can hardly be meant: cells nobody uses, delays that outlast the keep-alive, queues below one message. */
export function lintLinks(profile: Profile, report: Report): void {
  const used = new Set(profile.fleets.flatMap(({ link }) => (link ?? []).map(({ cell }) => cell)))
  for (const name of Object.keys(profile.cells)) {
    if (!used.has(name))
      report(['cells', name], 'no link is part of this cell', `Give a link "cell": "${name}", or remove it.`)
  }
  for (const [fleet, { link, session }] of profile.fleets.entries()) {
    for (const [index, { up, down }] of (link ?? []).entries()) {
      const roundTripMs = (up?.delay ?? 0) + (down?.delay ?? 0)
      if (session.keepAlive > 0 && roundTripMs >= session.keepAlive)
        report(
          ['fleets', fleet, 'link', index],
          `the round trip of ${roundTripMs} ms is as long as the keep-alive of ${session.keepAlive} ms, so devices give up healthy connections`,
          'Lengthen "session.keepAlive", or shorten the delays.',
        )
    }
  }
}
