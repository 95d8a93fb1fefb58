// Counts what is POSTed to /PASSWORD, and keeps the count in /data.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'

const file = '/data/count'
let count = 0
try {
  count = Number(readFileSync(file, 'utf8'))
} catch {}

createServer((request, response) => {
  if (request.url !== `/${process.env.PASSWORD}`) return response.writeHead(403).end()
  if (request.method === 'POST') writeFileSync(file, String(++count))
  response.end(String(count))
}).listen(8080, () => console.log('tally listens'))

process.on('SIGTERM', () => process.exit(0))
