// Builds dist (CommonJS and ESM with types and source maps) and miniprogram (CommonJS for the
// developer tool's npm build, which ignores `exports` and reads ES2018).
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

const tsc = (...options) => execFileSync('node_modules/.bin/tsc', ['-p', '.', ...options], { stdio: 'inherit' })
for (const folder of ['dist', 'miniprogram']) rmSync(folder, { recursive: true, force: true })
tsc('--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '5.0', '--outDir', 'dist', '--declaration')
tsc('--outDir', 'dist/esm', '--declaration')
writeFileSync('dist/esm/package.json', '{ "type": "module" }\n')
mkdirSync('miniprogram')
for (const file of readdirSync('dist').filter(name => name.endsWith('.js'))) cpSync(`dist/${file}`, `miniprogram/${file}`)

