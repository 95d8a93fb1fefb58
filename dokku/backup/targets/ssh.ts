import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { UserError } from '#lib/errors.ts'
import { type Launched, launch } from '#lib/launch.ts'
import { quoteWord } from '#lib/words.ts'
import { sshFiles } from '../../git-config.ts'
import type { Target } from './target.ts'

/** Options of an ssh that asks nobody, trusts whom `git:allow-host` trusts, and comes by the deploy key of this instance. */
export const sshOptions: readonly string[] = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'IdentitiesOnly=yes',
  'ConnectTimeout=20',
  'ServerAliveInterval=20',
  `IdentityFile=${sshFiles.key}`,
  `IdentityFile=${sshFiles.oldKey}`,
  `UserKnownHostsFile=${sshFiles.knownHosts}`,
].flatMap((option) => ['-o', option])

/** A folder of another host, `ssh://USER@HOST[:PORT]/PATH`, by a shell there. */
export function sshTarget(url: URL): Target {
  const folder = decodeURIComponent(url.pathname).replace(/\/+$/, '') || '/'
  const at = (name: string) => quoteWord(`${folder === '/' ? '' : folder}/${name}`)
  const where = `${url.username === '' ? '' : `${url.username}@`}${url.hostname}`
  const remote = (command: string): Launched =>
    launch(['ssh', '-F', '/dev/null', ...sshOptions, '-p', url.port || '22', '--', where, command], {
      cwd: '/',
      env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  const ended = async (one: Launched, said: Promise<string>): Promise<void> => {
    const status = await one.exited
    if (status === 0) return
    throw new UserError('target-failed', `${url.host} ended with status ${status}: ${(await said).trim().slice(-300) || 'no message'}`, {
      ...(status === 255 ? { hint: 'git:public-key shows the key to let in there, git:allow-host trusts the host' } : {}),
    })
  }
  const ask = async (command: string): Promise<string> => {
    const one = remote(command)
    one.stdin?.end()
    const [out, said] = [text(one.stdout ?? Readable.from([])), text(one.stderr ?? Readable.from([]))]
    await ended(one, said)
    return await out
  }

  return {
    url: url.href,

    async put(name, content) {
      const [file, unfinished] = [at(name), at(`.${name}`)]
      const one = remote(`umask 077 && mkdir -p ${quoteWord(folder)} && cat > ${unfinished} && mv -f ${unfinished} ${file}`)
      one.stdout?.resume()
      const said = text(one.stderr ?? Readable.from([]))
      // Where it ends early, its own words say why.
      const sent = await pipeline(content, one.stdin ?? new PassThrough()).then(
        () => undefined,
        (error: unknown) => {
          // Cut off, what came so far would be taken for all.
          one.kill('SIGKILL')
          return error
        },
      )
      if (content.errored) throw content.errored
      await ended(one, said)
      if (sent !== undefined) throw sent
    },

    async get(name) {
      const one = remote(`cat ${at(name)}`)
      one.stdin?.end()
      const said = text(one.stderr ?? Readable.from([]))
      const out = new PassThrough()
      const pass = async () => {
        await pipeline(one.stdout ?? Readable.from([]), out, { end: false })
        await ended(one, said)
        out.end()
      }
      pass().catch((error: unknown) => out.destroy(error as Error))
      out.once('close', () => one.kill('SIGTERM'))
      return out
    },

    async list() {
      const names = await ask(`mkdir -p ${quoteWord(folder)} && ls -1 ${quoteWord(folder)}`)
      return names.split('\n').filter((name) => name !== '')
    },

    async remove(name) {
      await ask(`rm -f ${at(name)}`)
    },
  }
}
