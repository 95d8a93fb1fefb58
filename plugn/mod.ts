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
export { changeSetting } from './change-setting.ts'
export { checkEnable, type Host, hostMisfits, type Misfit } from './compatibility.ts'
export { type Confinement, confinedArgv, passed } from './confine.ts'
export { confineEverywhere, confining } from './confining.ts'
export { type Around, type Dispatch, dispatch, silent } from './dispatch.ts'
export { type ExternalOptions, externalHooks } from './external.ts'
export { digestOf } from './fetch.ts'
export { buildListing } from './index-build.ts'
export { type Checked, checkListing } from './index-check.ts'
export { addIndex, type Configured, findListed, type Listed, readIndexes, removeIndex } from './indexes.ts'
export { type Fetched, type InstallOptions, installPlugin, uninstallPlugin, updatePlugin } from './install.ts'
export { type Listing, makeKey, signListing, verifyListing } from './listing.ts'
export { type Manifest, parseManifest } from './manifest.ts'
export { moduleHooks } from './module.ts'
export { byBytes, checkPluginName, isPluginName } from './names.ts'
export { type Pin, readPins, shownPin } from './pins.ts'
export { importDefault, type LoadOptions, loadPlugin, type Plugin } from './plugin.ts'
export { readManifest } from './read-manifest.ts'
export { type ResidentOptions, residentHooks } from './resident.ts'
export type { Call, Reply, Responder } from './responder.ts'
export { type Match, search } from './search.ts'
export { type Serve, type Served, serveHooks } from './serve.ts'
export { readStored, type Stored, settingsOf, variablesOf } from './settings.ts'
export { withoutCredentials } from './source.ts'
export { type Found, type Store, store } from './store.ts'
export { type Finding, validatePlugin } from './validate.ts'
