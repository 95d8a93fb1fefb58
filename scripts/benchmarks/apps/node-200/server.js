const { createServer } = require('node:http')

createServer((_, answer) => answer.end('many dependencies\n')).listen(process.env.PORT)
