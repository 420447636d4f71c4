import { expect, test } from 'vitest'
import { isOriginPattern } from '../../../src/config/origin-pattern.ts'

test.each([
  '*',
  'null',
  'https://app.example.com',
  'http://localhost:3000',
  'https://app.example.com:8443',
  'https://*.example.com',
  'https://*.example.com:8443',
  'http://[::1]:3000',
  'http://127.0.0.1',
  'capacitor://localhost',
  'chrome-extension://abcdef',
])('is an origin: %s', (text) => {
  expect(isOriginPattern(text)).toBe(true)
})

test.each([
  '',
  'app.example.com',
  '//app.example.com',
  'https://',
  'https://app.example.com/',
  'https://app.example.com/x',
  'https://app.example.com?x',
  'https://app.example.com#x',
  'https://app.example.com:443',
  'http://app.example.com:80',
  'https://app.example.com:0',
  'https://app.example.com:',
  'https://App.example.com',
  'HTTPS://app.example.com',
  'https://u@app.example.com',
  'https://app.example.com.',
  'https://*',
  'https://*.',
  'https://*app.example.com',
  'https://app.*.com',
  'https://*.*.com',
  '*.example.com',
  '*://app.example.com',
  'wss://app.example.com',
  'ws://app',
  'https://*.127.0.0.1',
  'https://*.[::1]',
  'http://[0::1]',
  'https://bücher.example',
  'NULL',
  'file://',
  'https:app',
  'https://a.example https://b.example',
])('is no origin: %j', (text) => {
  expect(isOriginPattern(text)).toBe(false)
})
