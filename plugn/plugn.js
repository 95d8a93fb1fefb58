#!/usr/bin/env node
// JavaScript, because Node loads what reads TypeScript before it runs a line of it, and a start would take twice as long:
// what was compiled once lies beside the source, where only its owner may write.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(import.meta.dirname, '..', '.compile-cache'))
await import('./main.ts')
