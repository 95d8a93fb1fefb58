/** What the hook says; its settings are in CONFIG_*. */
export function greeting(who = 'world', word = 'Hello'): string {
  return `${word} ${who}`
}

// plugn passes the words after the hook's name. Standard output is for programs, standard error for people.
if (import.meta.main) process.stdout.write(`${greeting(process.argv[2], process.env.CONFIG_WORD)}\n`)
