import { sqliteCode } from '#lib/backup.ts'
import { hasCode, messageOf, UserError } from '#lib/errors.ts'

/** What the disk refused, in SQLite's codes, the system's and the words of git and tar, as a UserError; any other error as it is. */
export function mendable(error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error
  const code = sqliteCode(error)
  const says = (words: RegExp) => code === undefined && words.test(error.message)
  const [reason = ''] = messageOf(error).split('\n')
  if (code === 13 || hasCode(error, 'ENOSPC', 'EDQUOT') || says(/no space left on device|disk quota exceeded/i))
    return new UserError('disk-full', `The disk is full (${reason}); what is stored stays as it is`, {
      hint: 'make room (docker system df shows what takes it), then do it again',
      cause: error,
    })
  if (code === 8 || hasCode(error, 'EROFS') || says(/read-only file system/i))
    return new UserError('disk-read-only', `The disk takes no writes (${reason})`, {
      hint: 'a failing disk is mounted read-only: dmesg says why; once it takes writes again, docker restart makes control go on',
      cause: error,
    })
  if (code === 10 || hasCode(error, 'EIO'))
    return new UserError('disk-failed', `The disk failed (${reason})`, {
      hint: 'full disks and broken ones say this: see df and dmesg on the machine',
      cause: error,
    })
  if (code === 11 || code === 26)
    return new UserError('database-damaged', `The database is damaged (${reason})`, {
      hint: 'docker restart control: it looks at all of it and says how to put a copy back',
      cause: error,
    })
  return error
}
