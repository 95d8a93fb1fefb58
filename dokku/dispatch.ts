import type { Writable } from 'node:stream'
import type { Session } from '#execd'
import { messageOf, UserError } from '#lib/errors.ts'
import { type Output, output, plain } from '#lib/output.ts'
import { parseWords } from '#lib/words.ts'
import type { Identity } from './access.ts'
import type { Door } from './audit.ts'
import { byKey, local } from './credentials.ts'
import { mendable } from './disk-error.ts'
import { engineAway } from './engine-error.ts'
import type { Instance } from './instance.ts'
import type { LivePlugins } from './live-plugins.ts'
import { actAs, actor, nestedCallOver, within } from './nested.ts'
import type { gitDoor } from './push.ts'
import { type About, serveCaller } from './serve-caller.ts'
import { typed } from './typed.ts'

/** Runs what one connection asks for and ends it with an exit status; nothing thrown leaves it. */
export function dispatcher(instance: Instance, plugins: Pick<LivePlugins, 'current' | 'environment'>, git: ReturnType<typeof gitDoor>) {
  const type = typed(instance, plugins)

  return async function dispatch(session: Session, nestedOnly = false): Promise<void> {
    const print = (to: Writable) => (text: string) => void to.write(session.isRaw ? text.replaceAll('\n', '\r\n') : text)
    const lines = output(print(session.stdout), print(session.stderr))
    const { mode, nested, user } = session.header
    let status = 1
    let afterwards = () => {}
    const run = async (identity: Identity, door: Door) => {
      const work = (caller: Identity, about: About) => answer(caller, session, lines, about)
      const ended = await serveCaller(instance, { caller: identity, door }, work, (error) => fail(error, lines))
      status = ended.status
      // A trail of what was only looked at is not worth a wait; what was changed is in it before anybody is told.
      if (ended.about.changes) ended.note()
      else afterwards = ended.note
    }
    try {
      if (mode === 'hook') {
        await git.preReceive(session, lines)
        status = 0
      } else if (nested !== undefined) await within(nested, () => run(actor()?.identity ?? local, 'plugin'))
      else if (nestedOnly) throw nestedCallOver()
      else if (mode === 'argv') await run(local, 'host')
      else await run(byKey(instance.db, user), 'ssh')
    } catch (error) {
      status = fail(error, lines)
    }
    await session.exit(status)
    afterwards()
  }

  async function answer(identity: Identity, session: Session, lines: Output, about: About): Promise<number> {
    const { header } = session
    const words = header.mode === 'ssh' ? parseWords(header.command ?? '') : header.args
    about.text = plain(words[0] ?? '').slice(0, 100)
    // Plugins may refuse what a key's owner typed.
    if (header.mode === 'ssh') await instance.fire('user-auth', { user: header.user ?? '', key: identity.name, words })
    const until = leavingWith(session, identity)
    return await actAs({ identity, output: lines }, () =>
      git.serves(words) ? git.serve(words, identity, until, about) : type(words, identity, until, lines, about),
    )
  }

  function fail(thrown: unknown, lines: Output): number {
    const error = engineAway(mendable(thrown))
    if (error instanceof UserError) {
      lines.warn(error.message)
      if (error.hint !== undefined) lines.warn(error.hint)
      return error.exitCode
    }
    instance.log.error({ err: error }, 'a command failed by our fault')
    lines.warn(`dokku failed: ${messageOf(error)}`)
    if (process.env.DOKKU_TRACE && error instanceof Error) lines.warn(error.stack ?? '')
    return 1
  }
}

/** A session whose caller counts as gone, too, once what they came in by is taken away. */
function leavingWith(session: Session, { revoked }: Identity): Session {
  if (revoked === undefined) return session
  const closed = AbortSignal.any([session.closed, revoked])
  return Object.create(session, { closed: { value: closed } })
}
