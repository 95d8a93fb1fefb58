import express from 'express'
import ms from 'ms'

const app = express()

app.get('/', (_request, response) => response.send('Hello from Express\n'))
app.get('/uptime', (_request, response) => response.json({ uptime: ms(Math.round(process.uptime() * 1000)) }))
app.get('/config/:key', (request, response) => response.json({ value: process.env[request.params.key] ?? null }))
app.post('/echo', express.json(), (request, response) => response.json(request.body))

const server = app.listen(process.env.PORT ?? 5000, () => console.log(`listening on ${server.address().port}`))

process.on('SIGTERM', () => server.close())
