// What `egg-scripts start` does, in one process.
import { createServer } from 'node:http'
import { startEgg } from 'egg'

const app = await startEgg({ baseDir: process.cwd(), mode: 'single' })
createServer(app.callback()).listen(process.env.PORT)
