import { COUNT_METRICS, LATENCY_METRICS, RATE_METRICS, STATISTICS } from '../metrics/threshold-metrics.ts'

const names = (table: object) =>
  Object.keys(table)
    .map((name) => `\`${name}\``)
    .join(', ')

/** What docs/profile.md says before its tables. */
export const REFERENCE_INTRODUCTION = `# The profile

This page is generated from the schema that Flotilla itself uses; \`npm run schema\` writes it anew.

A profile is one test in one file, \`NAME.flotilla.json\`: plain JSON without comments, at most 1 MB. Keys that
Flotilla does not know are errors, so a slip of the pen never goes unnoticed; \`flotilla validate FILE\` lists every
problem with line and column. Give the file a \`"$schema"\` (\`flotilla schema > profile.schema.json\` writes it) and
your editor completes and explains the keys.

The smallest profile runs against the embedded broker:

\`\`\`json
{ "version": 1, "fleets": [{ "count": 10, "publish": [{ "topic": "t/{{device}}", "every": "1s" }] }] }
\`\`\`

**Durations** are strings with a unit: \`"250ms"\`, \`"10s"\`, \`"1.5m"\`, \`"1h"\`. **Rates**: \`"5/s"\`, \`"12/m"\`, \`"1/h"\`.
**Shares**: \`"70%"\`. Paths of files are relative to the profile.`

/** What docs/profile.md says behind its tables: what may stand in strings. */
export const REFERENCE_VALUES = `## Templates

Topics, client ids, user names, passwords, certificate paths, user properties and the strings of payloads are
templates. The same seed gives the same values, whatever the number of processes.

| variable | value | changes |
|---|---|---|
| \`{{device}}\` | \`FLEET-INDEX\`, such as \`meters-17\` | per device |
| \`{{index}}\` or \`%i\` | number of the device in its fleet, from \`firstIndex\` | per device |
| \`{{fleet}}\` | name of the fleet | per device |
| \`{{run}}\` | eight hexadecimal digits, new in every run | per device |
| \`{{clientId}}\` or \`%c\` | client id of the device | per device |
| \`{{username}}\` or \`%u\` | user name of the device | per device |
| \`{{seq}}\` | number of the message in its stream, from 0 | per message |
| \`{{now}}\` | intended time, milliseconds since 1970 | per message |
| \`{{iso}}\` | intended time as ISO 8601 | per message |
| \`{{uniform 18 24}}\` | random number between two | per message |
| \`{{normal 20 2}}\` | random number by mean and standard deviation | per message |
| \`{{walk 21 0.2}}\` | random walk by start and step | per message |
| \`{{pick on off "stand by"}}\` | one of the words | per message |
| \`{{bytes 64}}\` | random characters | per message |

\`uniform\`, \`normal\` and \`walk\` take a third argument, the decimals: \`{{uniform 18 24 1}}\`. Where a value belongs
to a device (client id, user name, password, will topic, subscriptions, certificates) per-message variables are an error.
\`%%\` writes a percent sign, \`{{{{\` two braces; of three braces the first is taken as it stands, so
\`{"at":{{{now}}}\` gives \`{"at":{1735689600000}\`.

In a JSON payload a string that is nothing but one numeric variable becomes a number: \`"{{walk 21 0.2}}"\` gives \`21.2\`.
The marker travels as the key \`_fl\` of a JSON object, which is therefore taken, or as one more element of an array.

## Secrets

A password or pass phrase never stands in a profile; a reference does:

| reference | value from |
|---|---|
| \`\${secret:NAME}\` | \`--secret-file FILE\` with lines \`NAME=value\`, or the environment |
| \`\${env:NAME}\` | the environment |

References work in \`username\`, \`password\`, \`passphrase\` and \`url\`, and nowhere else: a payload could send them away.
A password may also be a template (\`"pw-{{index}}"\`), for test set-ups that derive it. Reports never hold a value.

## Stages

The run is its stages, one after the other, and then the drain. \`devices\` is reached in a straight line by the end of
its stage; \`rate\` is a step at its beginning. What a stage leaves out stays as it was; the first stage without
\`devices\` connects every device as fast as \`connect.rate\` allows.

\`\`\`json
"stages": [{ "for": "60s", "devices": "100%" }, { "for": "10m" }, { "for": "2m", "rate": 3 }]
\`\`\`

## Thresholds

\`[FLEET.]METRIC OPERATOR VALUE\`: \`"lost == 0"\`, \`"e2e.p99 < 250ms"\`, \`"meters.rate >= 95% of target"\`,
\`"notSent <= 1%"\`; operators \`< <= > >= == !=\`. Counts: ${names(COUNT_METRICS)}. Rates: ${names(RATE_METRICS)}. Latencies: ${names(LATENCY_METRICS)}, each with
one of ${STATISTICS.map((name) => `\`.${name}\``).join(' ')}. This machine: \`eventLoopDelay.p99\`, \`cpu\`.

With \`{ "check": "e2e.p99 < 250ms", "after": "30s" }\` a warm-up is left out.

## Settings on the command line

\`--set path=value\` changes one value for one run: \`--set fleets.meters.count=10\`, \`--set broker.url=mqtt://qa:1883\`,
\`--set fleets[0].publish[0].every=5s\`. \`--duration 5m\` stretches or shortens all stages in proportion.`
