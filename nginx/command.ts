import { text } from 'node:stream/consumers'
import { ask } from './socket.ts'

const usage = `appliance                         serve: nginx and its API
appliance api METHOD PATH [BODY]  ask the API of this machine; - reads the body from standard input
`

/** What the program does by its words besides serving: one request to the API. Answers the exit status. */
export async function askByWords(words: readonly string[], socket: string): Promise<number> {
  const [verb, method = '', path = '', body, ...more] = words
  if (verb !== 'api' || !/^[A-Z]+$/.test(method) || !path.startsWith('/') || more.length > 0) {
    process.stderr.write(usage)
    return 64
  }
  const sent = body === '-' ? await text(process.stdin) : body
  const answer = await ask(socket, method, path, sent === undefined ? {} : { body: sent, type: 'application/json' })
  process.stdout.write(answer.text === '' || answer.text.endsWith('\n') ? answer.text : `${answer.text}\n`)
  return answer.status < 300 ? 0 : 1
}
