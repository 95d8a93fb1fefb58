import { UserError } from '#lib/errors.ts'

/** Words that cannot be app names, because they mean something as a host, a repository or an instance. */
const reserved = new Set(['dokku', 'tls', 'localhost'])

/** The one grammar of app names, Dokku's own: it is safe as a host label, a file name, an image and a container name. */
const appName = /^(?=.{1,63}$)[a-z0-9]+(?:[.-]+[a-z0-9]+)*$/

/** Returns the name or throws UserError `bad-app-name`. */
export function checkAppName(name: string): string {
  if (!appName.test(name) || name.includes('..') || /-\.|\.-/.test(name))
    throw new UserError('bad-app-name', `${show(name)} is not a valid app name`, {
      hint: 'lower-case letters, digits, dashes and dots, at most 63 of them, beginning and ending with a letter or digit',
    })
  if (reserved.has(name)) throw new UserError('reserved-app-name', `${name} is reserved and cannot be an app name`)
  return name
}

/** Process types as in a Procfile. */
export function checkProcessName(name: string): string {
  if (!/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/i.test(name))
    throw new UserError('bad-process-name', `${show(name)} is not a valid process type`, {
      hint: 'letters, digits, dashes and underscores',
    })
  // What is kept by process type is looked up by it, and every object has these.
  if (name in Object.prototype) throw new UserError('bad-process-name', `${name} is reserved and cannot be a process type`)
  return name
}

/** Names of SSH keys: who a key belongs to. */
export function checkKeyName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9@._-]{0,63}$/.test(name))
    throw new UserError('bad-key-name', `${show(name)} is not a valid key name`, {
      hint: 'letters, digits and @ . _ -, at most 64 of them',
    })
  return name
}

/** A branch or tag, or the id of a commit: a subset of what git allows that needs no quotes anywhere. */
export function parseRef(text: string): string {
  if (/^(?![-/.])(?!.*(\.\.|\/\/|\/\.|@\{|\.lock$|[/.]$))[\w.@+#/-]{1,200}$/.test(text)) return text
  throw new UserError('bad-branch', `${show(text)} is not a branch name`)
}

/** A user's text inside a message: quoted, cut, control characters shown. */
export function show(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
