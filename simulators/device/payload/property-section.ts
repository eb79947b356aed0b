import { MARKER_PROPERTY } from '../../delivery/marker.ts'
import { AppError } from '../../errors.ts'
import type { PublishSettings } from '../../profile/schema/publish.ts'
import type { DeviceFacts } from '../../profile/template.ts'
import type { Moment } from '../ports.ts'
import { variableByteLength, writeVariableByteInteger } from '../variable-byte-integer.ts'
import { copyBytes } from './bytes.ts'
import { type Frame, FramePattern } from './frame.ts'
import { plainPieces } from './pieces.ts'
import type { Values } from './variables.ts'

/** Property identifiers, MQTT 5 section 2.2.2.2. */
const MESSAGE_EXPIRY = 0x02
const CONTENT_TYPE = 0x03
const TOPIC_ALIAS = 0x23
const USER_PROPERTY = 0x26

const ALIAS_BYTES = 3
/** UTF-8 strings carry their length in two bytes (MQTT 5 section 1.5.4). */
const MAX_STRING_BYTES = 65_535

/** A property with what follows its identifier as a string: length, then UTF-8. */
function stringProperty(identifier: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([Buffer.from([identifier]), lengthBytes(bytes.length), bytes])
}

function lengthBytes(length: number): Buffer {
  return Buffer.from([length >> 8, length & 255])
}

/** A user property whose value changes with the message. */
interface ChangingProperty {
  name: Buffer
  value: Frame
}

/** The property section of one device's PUBLISH packets of one publish entry; none at all before MQTT 5. */
export class PropertySection {
  readonly maxBytes: number
  /** Where the last rendering has left room for the token of the marker. */
  tokenAt = 0
  readonly #constant: Uint8Array
  readonly #changing: readonly ChangingProperty[]
  readonly #bound: number

  constructor(constant: Uint8Array, changing: readonly ChangingProperty[], tokenLength: number) {
    this.#constant = constant
    this.#changing = changing
    this.#bound = changing.reduce(
      (sum, { name, value }) => sum + name.length + 2 + value.maxBytes,
      constant.length + tokenLength,
    )
    this.maxBytes = this.#bound + ALIAS_BYTES + variableByteLength(this.#bound + ALIAS_BYTES)
  }

  /** Writes the section with `tokenLength` bytes left free at its end; `topicAlias` 0 means none. */
  write(
    out: Buffer,
    at: number,
    values: Values,
    moment: Moment,
    topicAlias: number,
    tokenLength: number,
  ): number {
    const reserved = variableByteLength(this.#bound + (topicAlias > 0 ? ALIAS_BYTES : 0))
    const from = at + reserved
    let to = from
    if (topicAlias > 0) {
      out[to] = TOPIC_ALIAS
      out[to + 1] = topicAlias >> 8
      out[to + 2] = topicAlias
      to += ALIAS_BYTES
    }
    for (const { name, value } of this.#changing) {
      to = copyBytes(out, to, name)
      const end = value.write(out, to + 2, values, moment)
      out.writeUInt16BE(end - to - 2, to)
      to = end
    }
    to = copyBytes(out, to, this.#constant) + tokenLength
    const length = to - from
    // A length has to take as few bytes as it can (MQTT 5 section 1.5.5).
    const spare = reserved - variableByteLength(length)
    if (spare > 0) out.copyWithin(from - spare, from, to)
    writeVariableByteInteger(out, at, length)
    this.tokenAt = to - spare - tokenLength
    return to - spare
  }

  skip(values: Values): void {
    for (const { value } of this.#changing) value.skip(values)
  }
}

type PropertySettings = Pick<PublishSettings, 'userProperties' | 'contentType' | 'messageExpiry'>

/** The properties of a publish entry, compiled once for all devices. */
export class PropertyPattern {
  readonly walkStarts: number[] = []
  readonly #fixed: Buffer
  readonly #user: readonly { name: Buffer; value: FramePattern }[]

  constructor({ userProperties = {}, contentType, messageExpiry }: PropertySettings) {
    const fixed: Buffer[] = []
    if (messageExpiry !== undefined) {
      const expiry = Buffer.from([MESSAGE_EXPIRY, 0, 0, 0, 0])
      // Zero would be legal and mean "expired on arrival", which nobody who wrote 400ms has asked for.
      expiry.writeUInt32BE(Math.min(Math.max(1, Math.round(messageExpiry / 1_000)), 0xffffffff), 1)
      fixed.push(expiry)
    }
    if (contentType !== undefined) fixed.push(stringProperty(CONTENT_TYPE, contentType))
    this.#fixed = Buffer.concat(fixed)
    this.#user = Object.entries(userProperties).map(([name, value]) => ({
      name: stringProperty(USER_PROPERTY, name),
      value: new FramePattern(plainPieces(value, this.walkStarts)),
    }))
  }

  /** `tokenLength` 0: no marker travels in the properties. */
  bind(facts: DeviceFacts, tokenLength: number): PropertySection {
    const constant: Uint8Array[] = [this.#fixed]
    const changing: ChangingProperty[] = []
    for (const { name, value } of this.#user) {
      const frame = value.bind(facts)
      checkLength(frame.maxBytes, name)
      if (frame.constant) constant.push(name, lengthBytes(frame.maxBytes), frame.constant)
      else changing.push({ name, value: frame })
    }
    if (tokenLength > 0) {
      constant.push(stringProperty(USER_PROPERTY, MARKER_PROPERTY), lengthBytes(tokenLength))
    }
    return new PropertySection(Buffer.concat(constant), changing, tokenLength)
  }
}

function checkLength(bytes: number, name: Buffer): void {
  if (bytes <= MAX_STRING_BYTES) return
  const named = name.toString('utf8', 3)
  throw new AppError({
    code: 'PROFILE_INVALID',
    message: `The user property ${JSON.stringify(named)} can have ${bytes} bytes; MQTT carries ${MAX_STRING_BYTES} at most.`,
  })
}
