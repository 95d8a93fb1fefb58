import { UserError } from '#lib/errors.ts'

/** A buildpack as it is stored: a URL, with `#ref` where one is wanted. `heroku/nodejs` is short for the repository at GitHub. UserError `bad-buildpack`. */
export function parseBuildpack(text: string): string {
  const [, owner, name, ref = ''] = /^([\w-]+)\/([\w-]+)(#[\w./-]+)?$/.exec(text) ?? []
  if (owner !== undefined) return `https://github.com/${owner === 'heroku-community' ? 'heroku' : owner}/heroku-buildpack-${name}.git${ref}`
  if (
    text.length <= 1000 &&
    /^(?:(?:https?|git|ssh):\/\/[\w@:.~-]+\/|[\w.-]+@[\w.-]+:)[\w./~+%@-]+(?:\?[\w=&.%-]*)?(?:#[\w./-]+)?$/.test(text)
  )
    return text
  throw new UserError('bad-buildpack', `${JSON.stringify(text.slice(0, 80))} is not a buildpack`, {
    hint: 'heroku/nodejs, or https://github.com/heroku/heroku-buildpack-nodejs.git#v300',
  })
}
