import { newPluginWorks } from './new.fixture.ts'

// Apart from the other languages, because Go compiles for longer than all other tests take.
newPluginWorks('go')
