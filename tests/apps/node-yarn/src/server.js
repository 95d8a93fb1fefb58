import { createServer } from 'node:http'
import { greeting } from 'made'
import ms from 'ms'

const server = createServer((_request, response) => response.end(`${greeting} from a build, in ${ms('1m')} ms\n`))
server.listen(process.env.PORT ?? 5000)
process.on('SIGTERM', () => server.close())
