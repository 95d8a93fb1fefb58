// Bundles the server by a tool that the image has no use for, and leaves something among the dependencies, as Prisma does.
import { mkdirSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'

mkdirSync('node_modules/made', { recursive: true })
writeFileSync('node_modules/made/package.json', '{"type":"module","exports":"./index.js"}\n')
writeFileSync('node_modules/made/index.js', `export const greeting = ${JSON.stringify(process.env.GREETING ?? 'Hello')}\n`)
await build({ entryPoints: ['src/server.js'], outdir: 'dist', bundle: true, platform: 'node', format: 'esm', packages: 'external' })
