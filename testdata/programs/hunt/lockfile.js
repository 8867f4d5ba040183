#!/usr/bin/env node
const fs = require('fs'), lockfile = require('lockfile'), path = process.argv[2]
lockfile.lock(path, { stale: 1000 }, err => {
  if (err) return console.log('busy')
  try {
    fs.mkdirSync(path + '.inside') // which fails where somebody is inside
    fs.rmdirSync(path + '.inside')
  } catch (err) { console.log('violated') }
  lockfile.unlock(path, () => {})
})
