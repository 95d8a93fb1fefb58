import packageJson from '../package.json' with { type: 'json' }

/** The version of this source, as the image is tagged. */
export const version: string = packageJson.version
