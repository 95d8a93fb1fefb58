import { z } from 'zod'

/** Site names become Lua keys, nginx words and lines of a file, so their grammar has nothing that any of these could read otherwise. */
export const siteName = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9.-]*$/, 'a site name has lower case letters, digits, dots and hyphens, and starts with a letter or digit')
