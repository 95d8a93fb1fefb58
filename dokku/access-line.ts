import { z } from 'zod'

const request = z.object({
  at: z.number(),
  remote: z.string(),
  user: z.string(),
  method: z.string(),
  uri: z.string(),
  protocol: z.string(),
  status: z.number(),
  bytes: z.number(),
  referer: z.string(),
  agent: z.string(),
})

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A line of the access log as nginx's own format `combined` has it; what is no such line stays as it is. Pure. */
export function combined(line: string): string {
  const found = request.safeParse(parsed(line))
  if (!found.success) return line
  const { at, remote, user, method, uri, protocol, status, bytes, referer, agent } = found.data
  const time = new Date(at * 1000)
  const two = (count: number) => String(count).padStart(2, '0')
  const day = `${two(time.getUTCDate())}/${months[time.getUTCMonth()]}/${time.getUTCFullYear()}`
  const clock = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()].map(two).join(':')
  const asked = [method, uri, protocol].map(escaped).join(' ')
  return `${remote} - ${escaped(user) || '-'} [${day}:${clock} +0000] "${asked}" ${status} ${bytes} "${escaped(referer) || '-'}" "${escaped(agent) || '-'}"`
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** As nginx escapes: a word cannot end its quotes, nor do anything to a terminal. */
function escaped(text: string): string {
  return text.replace(/["\\]|\p{Cc}/gu, (letter) => `\\x${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}
