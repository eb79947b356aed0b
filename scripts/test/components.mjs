import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** What some tests need from the machine, and where it would be. */
const COMPONENTS = [
  {
    name: 'Mosquitto',
    places: ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'],
    packages: ['mosquitto', 'mosquitto-clients'],
  },
]

const APT = '/usr/bin/apt-get'

function apt(args) {
  const { status } = spawnSync(APT, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 300_000,
  })
  return status === 0
}

/** Installs what is missing where that needs no questions; tells what stays missing, in words. */
export function installMissing() {
  const missing = COMPONENTS.filter(({ places }) => !places.some((place) => existsSync(place)))
  if (missing.length === 0) return []
  const names = missing.map(({ name }) => name).join(', ')
  if (!existsSync(APT)) return [`${names} is not installed; install it with this system's package manager`]
  const packages = missing.flatMap((component) => component.packages)
  const command = `apt-get install ${packages.join(' ')}`
  if (process.getuid?.() !== 0) return [`${names} is not installed, and only root may: sudo ${command}`]
  console.log(`Installing ${packages.join(', ')} for the tests ...`)
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  if (apt(install) || (apt(['update']) && apt(install))) return []
  return [`${names} could not be installed; try: ${command}`]
}
