import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { z } from 'zod'
import { copyDatabase } from './backup.ts'
import { UserError } from './errors.ts'

/** A value that SQLite can hold; booleans are stored as 0 and 1, dates as you choose. */
export type SqlValue = SQLInputValue

/** One SQLite file. Every call is synchronous; a write has reached the disk when it returns. */
export interface Database {
  readonly path: string
  /** All rows, each checked by the schema; values stand for the `?` of the statement. */
  all<S extends z.ZodType>(schema: S, sql: string, ...values: SqlValue[]): z.output<S>[]
  /** The first row, or undefined. */
  get<S extends z.ZodType>(schema: S, sql: string, ...values: SqlValue[]): z.output<S> | undefined
  /** One statement that changes something. */
  run(sql: string, ...values: SqlValue[]): { changes: number; lastId: number }
  /** Statements without parameters, such as a migration. */
  script(sql: string): void
  /** All of it or nothing: rolls back when `work` throws. May be nested; `work` must not await. */
  tx<T>(work: () => T): T
  close(): void
}

/** Functions of text that statements may call by their names; of NULL they are NULL. */
export type SqlFunctions = Readonly<Record<string, (text: string) => string>>

/**
 * Opens or creates a database, readable by its owner only: WAL, fsync at every commit, foreign keys checked, 5 s patience with
 * another writer; what is deleted or replaced is overwritten in the file.
 */
export function open(path: string, functions: SqlFunctions = {}): Database {
  // SQLite gives the WAL and its index the mode of the database itself.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
  const connection = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 })
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
  for (const [name, of] of Object.entries(functions)) connection.function(name, (value) => (value === null ? null : of(String(value))))
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const made = connection.prepare(sql)
    prepared.set(sql, made)
    return made
  }
  let depth = 0
  return {
    path,
    all: (schema, sql, ...values) =>
      prepare(sql)
        .all(...values)
        .map((row) => schema.parse({ ...row })),
    get: (schema, sql, ...values) => {
      const row = prepare(sql).get(...values)
      return row === undefined ? undefined : schema.parse({ ...row })
    },
    run: (sql, ...values) => {
      const { changes, lastInsertRowid } = prepare(sql).run(...values)
      return { changes: Number(changes), lastId: Number(lastInsertRowid) }
    },
    script: (sql) => connection.exec(sql),
    tx: (work) => {
      const [begin, commit, rollback] = depth === 0 ? outer : inner(depth)
      connection.exec(begin)
      depth += 1
      try {
        const result = work()
        if (result instanceof Promise) throw new Error('the work of a transaction must not be asynchronous')
        connection.exec(commit)
        return result
      } catch (error) {
        // A full disk may have ended the transaction already.
        if (connection.isTransaction) connection.exec(rollback)
        throw error
      } finally {
        depth -= 1
      }
    },
    close: () => connection.close(),
  }
}

// IMMEDIATE takes the write lock at once: two transactions that both read, then write, queue instead of failing.
const outer = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'] as const

function inner(depth: number): readonly [string, string, string] {
  const name = `nested${depth}`
  return [`SAVEPOINT ${name}`, `RELEASE ${name}`, `ROLLBACK TO ${name}; RELEASE ${name}`]
}

/**
 * Brings a database up to date with the `NNNN-name.sql` files of a directory, each in a transaction of its own. A database with data is
 * copied first, to `PATH.before-NNNN`. Throws UserError `database-newer` when a newer version of the program has migrated it.
 */
export async function migrate(database: Database, dir: string): Promise<void> {
  const files = await readMigrations(dir)
  database.script('CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT, sha256 TEXT, applied_at TEXT) STRICT')
  const applied = database.all(appliedMigration, 'SELECT version, name, sha256 FROM migrations ORDER BY version')
  const last = applied.at(-1)
  if (last !== undefined && last.version > files.length)
    throw new UserError(
      'database-newer',
      `a newer version has brought the database to ${last.name}; this one knows up to ${files.length}`,
      {
        hint: `start that version again, or put back a copy from beside ${database.path}`,
      },
    )
  for (const [at, { name, sha256 }] of applied.entries())
    if (files[at]?.sha256 !== sha256) throw new Error(`migration ${name} was changed after it had been applied`)
  const pending = files.slice(applied.length)
  if (pending[0] !== undefined && last !== undefined)
    await copyDatabase(database.path, `${database.path}.before-${pending[0].name.slice(0, 4)}`)
  // A table that others refer to can only be rebuilt while foreign keys are not enforced; they are checked before each commit instead.
  database.script('PRAGMA foreign_keys = OFF')
  try {
    for (const migration of pending) database.tx(() => applyMigration(database, migration))
  } finally {
    database.script('PRAGMA foreign_keys = ON')
  }
}

interface Migration {
  version: number
  name: string
  sql: string
  sha256: string
}

const appliedMigration = z.object({ version: z.number(), name: z.string(), sha256: z.string() })

async function readMigrations(dir: string): Promise<Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).toSorted()
  return Promise.all(
    names.map(async (name, at) => {
      const version = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1])
      if (version !== at + 1) throw new Error(`${name} is not migration ${at + 1}: the files are numbered from 0001 without a gap`)
      const sql = await readFile(join(dir, name), 'utf8')
      return { version, name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

function applyMigration(database: Database, { version, name, sql, sha256 }: Migration): void {
  database.script(sql)
  const dangling = database.get(z.object({ table: z.string() }), 'PRAGMA foreign_key_check')
  if (dangling !== undefined) throw new Error(`migration ${name} leaves rows of ${dangling.table} that refer to nothing`)
  database.run('INSERT INTO migrations VALUES (?, ?, ?, ?)', version, name, sha256, new Date().toISOString())
}
