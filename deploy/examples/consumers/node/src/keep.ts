/**
 * Keep the latest revision of every alert, one JSON file each; go on where it stopped, however it stopped.
 *
 *     npm ci && npm run build && BOOTSTRAP=kafka:9092 npm start -- alerts/
 *
 * The file is written before the offset is committed, so a crash between the two writes the same file again.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Consumer, stringDeserializers } from '@platformatic/kafka'

/** What this program reads of an alert; all fields: docs/contract/schemas/Alert.json. */
interface Alert {
  schema_version: number
  id: string
  revision: number
}

const KNOWN_VERSION = 1
/** Ids become file names. */
const ID = /^[\w-]{1,200}$/

const folder = process.argv[2] ?? 'alerts'
const prefix = process.env.PREFIX ?? 'stellwerk.'
const bootstrap = (process.env.BOOTSTRAP ?? 'localhost:9092').split(',')

/** Return the revision of each alert in the folder. */
async function held (): Promise<Map<string, number>> {
  await mkdir(folder, { recursive: true })
  const found = new Map<string, number>()
  for (const name of await readdir(folder)) {
    if (name.endsWith('.json')) {
      const alert = JSON.parse(await readFile(join(folder, name), 'utf8')) as Alert
      found.set(alert.id, alert.revision)
    }
  }
  return found
}

/** Write a file so that there is the old one or the new one, never half of it. */
async function put (id: string, value: string): Promise<void> {
  const draft = join(folder, `${id}.draft`)
  const file = await open(draft, 'w')
  await file.writeFile(value)
  await file.sync()
  await file.close()
  await rename(draft, join(folder, `${id}.json`))
}

/** Take one message; throws where going on would lose something. */
async function take (have: Map<string, number>, key: string, value: string | undefined): Promise<void> {
  if (!ID.test(key)) {
    console.warn(`no id of an alert: ${key.slice(0, 100)}`)
    return
  }
  if (value === undefined || value === null) {
    have.delete(key)
    await rm(join(folder, `${key}.json`), { force: true })
    return
  }
  const alert = JSON.parse(value) as Alert
  if (alert.schema_version !== KNOWN_VERSION) {
    throw new Error(`schema version ${alert.schema_version}, this program knows ${KNOWN_VERSION}: update it`)
  }
  if (alert.revision > (have.get(key) ?? 0)) {
    await put(key, value)
    have.set(key, alert.revision)
  }
}

const have = await held()
const consumer = new Consumer({
  clientId: 'keep-node',
  groupId: `${prefix}consumer.keep-node`,
  groupInstanceId: 'keep-node-1',
  bootstrapBrokers: bootstrap,
  deserializers: stringDeserializers
})
const stream = await consumer.consume({
  topics: [`${prefix}alerts`],
  mode: 'committed',
  fallbackMode: 'earliest',
  autocommit: false
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => { void stream.close() })
}
for await (const message of stream) {
  await take(have, message.key, message.value)
  await message.commit()
}
await consumer.close(true)
