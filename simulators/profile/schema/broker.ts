import { z } from 'zod'
import { filePath, secretTemplate, span, template } from './common.ts'

export const tlsSchema = z
  .strictObject({
    ca: filePath()
      .describe('PEM file with the certificates to trust. The system store when left out.')
      .optional(),
    cert: template()
      .describe('PEM file with the client certificate; a template, so each device may have its own.')
      .optional(),
    key: template().describe('PEM file with the private key; a template.').optional(),
    passphrase: secretTemplate()
      .describe('Pass phrase of the private key: ${secret:NAME} or ${env:NAME}.')
      .optional(),
    issue: z
      .strictObject({
        ca: filePath().describe('PEM file with the CA certificate that signs.'),
        key: filePath().describe('PEM file with the private key of that CA.'),
        passphrase: secretTemplate().optional(),
        commonName: template()
          .default('{{device}}')
          .describe('Subject common name of each device certificate.'),
        validFor: span().default(86_400_000).describe('How long each certificate is valid.'),
      })
      .describe(
        'Issue a certificate per device from this CA at the start of the run; nothing is written to disk.',
      )
      .optional(),
    serverName: z
      .string()
      .max(255)
      .describe('Server name to ask for (SNI) and to check, when not the host of the URL.')
      .optional(),
    alpn: z.array(z.string().min(1).max(255)).max(8).describe('ALPN protocol names to offer.').optional(),
    verify: z
      .boolean()
      .default(true)
      .describe('Check the certificate of the broker. Never false in a test you trust.'),
  })
  .describe('TLS settings for mqtts and wss.')

export const protocol = () =>
  z
    .union([z.literal(5), z.literal(4), z.literal('5'), z.literal('3.1.1')])
    .transform((value): 4 | 5 => (value === 5 || value === '5' ? 5 : 4))
    .describe('MQTT version: 5 or "3.1.1" (4 means 3.1.1).')

export const brokerUrl = () =>
  z
    .string()
    .max(2_048)
    .regex(/^(mqtt|mqtts|ws|wss):\/\/[^\s/]+/, {
      error: ({ input }) =>
        `${JSON.stringify(input)} is not a broker URL such as "mqtt://host:1883"; schemes: mqtt, mqtts, ws, wss`,
    })

export const endpointSchema = z.strictObject({
  url: brokerUrl()
    .describe('mqtt://, mqtts://, ws:// or wss:// with host and port. The embedded broker when left out.')
    .optional(),
  protocol: protocol().optional(),
  tls: tlsSchema.optional(),
})

export type TlsSettings = z.output<typeof tlsSchema>
export type EndpointSettings = z.output<typeof endpointSchema>
