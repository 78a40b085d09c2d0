#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Before anything else is loaded: a second start then neither strips types nor compiles again. Beside the
// packages and not in a folder that others may write to; where it cannot be written, it does without.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url)));
const { run } = await import('./cli/program.ts');

process.exitCode = await run(process.argv.slice(2));
