import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import type { Instance } from '../../instance.ts'
import { usualTarget } from '../choices.ts'
import { localTarget } from './local.ts'
import { s3Target } from './s3.ts'
import { sshTarget } from './ssh.ts'
import type { Target } from './target.ts'

/** The target that a word names: `local`, `s3://BUCKET/PREFIX`, `ssh://USER@HOST/PATH`. UserError `bad-target`, `no-s3-key`. */
export function targetOf(instance: Instance, word: string): Target {
  if (checkTarget(word) === 'local') return localTarget(join(instance.settings.dataDir, 'backups'))
  const url = new URL(word)
  if (url.protocol === 'ssh:') return sshTarget(url)
  const set = (key: string) => instance.properties.get(`backup ${key}`)
  const [accessKey, secretKey, region = 'us-east-1'] = [set('s3-access-key'), set('s3-secret-key'), set('s3-region')]
  if (accessKey === undefined || secretKey === undefined)
    throw new UserError('no-s3-key', 'there is no key for S3', { hint: 'backup:set --global s3-access-key KEY, and s3-secret-key' })
  return s3Target(url, { endpoint: set('s3-endpoint') ?? `https://s3.${region}.amazonaws.com`, region, accessKey, secretKey })
}

/** The same, or where backups usually go. */
export function backupTarget(instance: Instance, word: string | undefined): Target {
  return targetOf(instance, word ?? usualTarget(instance))
}

/** UserError `bad-target`. */
export function checkTarget(word: string): string {
  if (word === 'local') return word
  const url = URL.canParse(word) ? new URL(word) : undefined
  const whole =
    url !== undefined && url.password === '' && url.search === '' && url.hash === '' && !/[\n\0]/.test(decodeURIComponent(url.pathname))
  if (whole && url.protocol === 's3:' && /^[a-z0-9][a-z0-9.-]{1,62}$/.test(url.hostname)) return word
  const named = whole && /^[a-z0-9._-]*$/i.test(url.username) && !url.username.startsWith('-')
  if (named && url.protocol === 'ssh:' && /^[a-z0-9][a-z0-9.:-]*$/i.test(url.hostname) && url.pathname.length > 1) return word
  throw new UserError('bad-target', `${JSON.stringify(word.slice(0, 80))} is no place for backups`, {
    hint: 'local, s3://BUCKET/PREFIX or ssh://USER@HOST[:PORT]/PATH',
  })
}
