// The app of the quick start: one page that says hello, greeting whom GREETING names.
const { createServer } = require('node:http')

const server = createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`Hello, ${process.env.GREETING ?? 'world'}! This is ${request.headers.host}.\n`)
})

server.listen(process.env.PORT ?? 5000, () => console.log(`listening on ${server.address().port}`))
process.on('SIGTERM', () => server.close(() => process.exit(0)))
