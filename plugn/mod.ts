/** The plugin tool as a library: `import { defineHooks, dispatch, event, loadPlugin, store } from '#plugn'`. */
export {
  type AnswerOf,
  type CallContext,
  type Catalogue,
  collect,
  defineHooks,
  event,
  type Handlers,
  type Hook,
  type InputOf,
  select,
} from './catalogue.ts'
export { type Around, type Dispatch, dispatch, silent } from './dispatch.ts'
export { digestOf } from './fetch.ts'
export { type Fetched, type InstallOptions, installPlugin, uninstallPlugin, updatePlugin } from './install.ts'
export { type Manifest, parseManifest } from './manifest.ts'
export { byBytes, checkPluginName, isPluginName } from './names.ts'
export { type Pin, readPins } from './pins.ts'
export { importDefault, type LoadOptions, loadPlugin, type Plugin } from './plugin.ts'
export { readManifest } from './read-manifest.ts'
export type { Call, Reply, Responder } from './responder.ts'
export { readStored, type Stored, settingsOf, variablesOf } from './settings.ts'
export { type Found, type Store, store } from './store.ts'
