import { z } from 'zod'
import { deviceTemplate, filePath, fileTemplate, secretReference, span } from './common.ts'
import { hasReferences, ruled } from './rules.ts'
import { BROKER_URL, isBrokerUrl, noBrokerUrl } from './url-rules.ts'

export const tlsSchema = z
  .strictObject({
    ca: filePath()
      .describe('PEM file with the certificates to trust. The system store when left out.')
      .meta({ examples: ['certs/ca.pem'] })
      .optional(),
    cert: fileTemplate()
      .describe('PEM file with the client certificate; a template, so each device may have its own.')
      .meta({ examples: ['certs/{{device}}.pem'] })
      .optional(),
    key: fileTemplate()
      .describe('PEM file with the private key; a template.')
      .meta({ examples: ['certs/{{device}}.key'] })
      .optional(),
    passphrase: secretReference()
      .describe('Pass phrase of the private key: a reference, never the value itself.')
      .meta({ examples: [`\${secret:KEY}`] })
      .optional(),
    issue: z
      .strictObject({
        ca: filePath()
          .describe('PEM file with the CA certificate that signs.')
          .meta({ examples: ['certs/ca.pem'] }),
        key: filePath()
          .describe('PEM file with the private key of that CA.')
          .meta({ examples: ['certs/ca.key'] }),
        passphrase: secretReference()
          .describe('Pass phrase of that key: a reference, never the value itself.')
          .meta({ examples: [`\${env:CA_KEY}`] })
          .optional(),
        commonName: deviceTemplate(64)
          .min(1)
          .default('{{device}}')
          .describe('Subject common name of each device certificate.'),
        validFor: span().prefault('24h').describe('How long each certificate is valid.'),
      })
      .describe(
        'Issue a certificate per device from this CA at the start of the run; nothing is written to disk.',
      )
      .optional(),
    serverName: z
      .string()
      .min(1)
      .max(255)
      .describe('Server name to ask for (SNI) and to check, when not the host of the URL.')
      .meta({ examples: ['broker.example'] })
      .optional(),
    alpn: z
      .array(z.string().min(1).max(255))
      .max(8)
      .describe('ALPN protocol names to offer.')
      .meta({ examples: [['mqtt']] })
      .optional(),
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
    .describe('MQTT version: 5 or "3.1.1" (4 means 3.1.1). 5 when left out.')
    .meta({ examples: ['3.1.1'] })

export const brokerUrl = () =>
  ruled(
    z
      .string()
      .max(2_048)
      .regex(BROKER_URL, { error: ({ input }) => noBrokerUrl(String(input)).message }),
    hasReferences,
    isBrokerUrl,
  )

export const endpointSchema = z.strictObject({
  url: brokerUrl()
    .describe(
      'mqtt://, mqtts://, ws:// or wss:// with host and port (1883, 8883, 80, 443 when left out); WebSocket path /mqtt when left out. Without a URL the profile runs against the embedded broker.',
    )
    .meta({ examples: ['mqtts://broker.example:8883'] })
    .optional(),
  protocol: protocol().optional(),
  tls: tlsSchema.optional(),
})

export type TlsSettings = z.output<typeof tlsSchema>
export type EndpointSettings = z.output<typeof endpointSchema>
