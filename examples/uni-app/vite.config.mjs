import { defineConfig } from 'vite'
import plugin from '@dcloudio/vite-plugin-uni'

// The plugin is CommonJS.
export default defineConfig({ plugins: [(plugin.default ?? plugin)()] })
