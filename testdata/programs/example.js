#!/usr/bin/env node
const fs = require('fs'), path = process.argv[2]
try {
  fs.closeSync(fs.openSync(path, 'wx'))
  console.log('acquired')
  fs.unlinkSync(path)
  console.log('released')
} catch (err) { console.log(err.code === 'EEXIST' ? 'busy' : 'failed ' + err.code) }
