export default {
  wxlogin: {
    input: './openapi.json',
    output: {
      target: './orval-client.ts', client: 'fetch', mode: 'single', tsconfig: './tsconfig.json',
      override: { mutator: { path: './orval-fetch.ts', name: 'send', extension: '.js' } },
    },
  },
}
