import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { pino } from 'pino'
import type { Session } from '#execd'
import { type Command, optional } from '#lib/command.ts'
import { output } from '#lib/output.ts'
import type { Identity, Right, Role } from './access.ts'
import type { Context } from './context.ts'
import { createApp } from './create.ts'
import { byToken } from './credentials.ts'
import { dispatcher } from './dispatch.ts'
import { stateOnly } from './fixtures.ts'
import { actAs, callingPlugin } from './nested.ts'
import { loadPlugins } from './plugins.ts'
import type { gitDoor } from './push.ts'
import { createToken } from './tokens.ts'
import { grant, roleOf } from './users.ts'

const loaded = await loadPlugins()
const reached: string[] = []
/** Every command there is, with its own name, right and app, which only notes that it was let through. */
const groups = loaded.groups.map((group) => ({ ...group, commands: group.commands.map(harmless) }))
const commands = groups.flatMap((group) => group.commands)

function harmless({ flags: _, passthrough: __, reads: ___, args = {}, ...rest }: Command<Context, Right>): Command<Context, Right> {
  const app = Object.entries(args).flatMap(([key, arg]) => {
    if (arg.kind === 'rest' || !arg.app) return []
    // `<app>|--all` is tried without the flag.
    const { unless, ...one } = arg
    return [[key, unless !== undefined && one.kind === 'one' ? optional(one) : one] as const]
  })
  return { ...rest, args: Object.fromEntries(app), reads: () => true, run: async () => void reached.push(rest.name) }
}

/** How far each right and role goes, written down once more: this is what the matrix holds the program to. */
const needs: Record<Right, number> = { none: 0, view: 1, deploy: 2, manage: 3, admin: 4 }
const atApp: Record<Role | 'nothing', number> = { nothing: 0, viewer: 1, deployer: 2, admin: 3 }
const everywhere: Record<Role | 'nothing', number> = { ...atApp, admin: 4 }

const instance = Object.assign(stateOnly(), {
  log: pino({ level: 'silent' }),
  inOrder: Object.assign(<T>(_: unknown, work: () => Promise<T>) => work(), { busy: () => false }),
  plugins: { handles: async () => false },
})
const shop = await createApp(instance, 'shop')
await createApp(instance, 'other')
const dispatch = dispatcher(instance, { current: { ...loaded, groups }, environment: () => ({}) }, {
  serves: () => false,
} as unknown as ReturnType<typeof gitDoor>)

interface Has {
  shop: number
  other: number
  instance: number
}

const people: { who: Identity; has: Has }[] = []
for (const role of ['nothing', 'viewer', 'deployer', 'admin'] as const) {
  people.push({ who: user(`all-${role}`, role), has: { shop: atApp[role], other: atApp[role], instance: everywhere[role] } })
  people.push({ who: user(`shop-${role}`, role, shop), has: { shop: atApp[role], other: 0, instance: 0 } })
}
people.push({ who: token('of-shop', { app: shop }), has: { shop: 3, other: 0, instance: 0 } })
people.push({ who: token('to-deploy', { role: 'deployer' }), has: { shop: 2, other: 2, instance: 2 } })
people.push({ who: token('to-look-at-shop', { role: 'viewer', app: shop }), has: { shop: 1, other: 0, instance: 0 } })

function user(name: string, role: Role | 'nothing', app?: { id: number }): Identity {
  instance.db.run('INSERT INTO users VALUES (?, ?)', name, 'now')
  if (role !== 'nothing') grant(instance.db, name, role, app)
  return { name, credential: `key ${name}`, role: (id) => roleOf(instance.db, name, id) }
}

/** A token of an admin. */
function token(name: string, limits: { role?: Role; app?: { id: number } }): Identity {
  return byToken(instance.db, createToken(instance.db, name, { user: null, ...limits })) ?? assert.fail()
}

/** Types a line as somebody; was the command let through? */
async function isLetThrough(who: Identity, words: string[]): Promise<boolean> {
  reached.length = 0
  const said: Buffer[] = []
  const stderr = new PassThrough().on('data', (chunk: Buffer) => said.push(chunk))
  const streams = { stdin: new PassThrough().end(), stdout: new PassThrough().resume(), stderr }
  const typed = { closed: new AbortController().signal, exit: async () => {}, ...streams }
  // A plugin's own command has the rights of whoever called the plugin: a way to be anybody.
  const type = (nested: string) => dispatch({ ...typed, header: { mode: 'argv', args: words, nested } } as unknown as Session)
  await actAs({ identity: who, output: output(String, String) }, () => callingPlugin(type))
  if (reached.length === 0) assert.match(Buffer.concat(said).toString(), /may not|does not exist/, words.join(' '))
  return reached.length > 0
}

/** Where a command can be tried, and what somebody needs there. */
function placesOf({ args = {}, right, eachApp }: Command<Context, Right>): { words: readonly string[]; at: keyof Has; needs: number }[] {
  const [app] = Object.values(args)
  const alone = { words: [], at: 'instance', needs: eachApp ? 0 : needs[right] } as const
  if (app === undefined || app.kind === 'rest') return [alone]
  const create = app.summary.includes('new') || app.summary.includes('created')
  // Whoever may not see an app is told that there is none.
  const least = create ? needs[right] : Math.max(needs[right], 1)
  const at = right === 'admin' ? 'instance' : undefined
  return [
    { words: ['shop'], at: at ?? 'shop', needs: least },
    { words: ['other'], at: at ?? 'other', needs: least },
    ...(create ? [{ words: ['brand-new'], at: 'instance', needs: needs[right] } as const] : []),
    ...(app.kind === 'optional' ? [alone] : []),
  ]
}

for (const { who, has } of people)
  test(`${who.credential} is let through to exactly the commands that the specs give it`, async () => {
    let tried = 0
    for (const command of commands)
      for (const place of placesOf(command)) {
        const line = [command.name, ...place.words]
        assert.equal(await isLetThrough(who, line), has[place.at] >= place.needs, `${line.join(' ')} needs ${command.right}`)
        tried++
      }
    assert.ok(tried > 150, `${tried} lines`)
  })
