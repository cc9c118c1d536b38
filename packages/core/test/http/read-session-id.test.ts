import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bearerToken,
  createSessionCookies,
  readSessionId,
  sessionCookie,
  type RequestHeaders,
} from '../../src/http/index.js';

const id = 'Abc_-'.repeat(8) + 'xyz';
const other = 'o'.repeat(43);
const cookie = `__Host-latchkey=${id}`;

describe('readSessionId', () => {
  it.each<[string]>([
    [cookie],
    [`a=1; ${cookie}; b=2`],
    [`a=1;${cookie};b=2`],
    [`a=1; \t ${cookie} \t; b=2`],
    [`x__Host-latchkey=${other}; ${cookie}`],
    [`__Host-latchkey2=${other}; ${cookie}`],
    [`__Host-latchkeyx; ${cookie}`],
    [`__host-latchkey=${other}; ${cookie}`],
    [`a=__Host-latchkey=${other}; ${cookie}`],
    [`a=1; ; ;;=; ${cookie};`],
  ])('S2: the id is found in "%s"', (header) => {
    expect(readSessionId({ cookie: header })).toBe(id);
    expect(readSessionId({ Cookie: [header] })).toBe(id);
    expect(readSessionId({ cookie: ['a=1', header, 'b=2'] })).toBe(id);
    expect(readSessionId(new Headers({ cookie: header }))).toBe(id);
  });

  it.each<[string]>([
    [''],
    ['a=1; b=2'],
    [`latchkey=${id}`],
    [`__Host-latchkey="${id}"`],
    [`__Host-latchkey=%41${id.slice(1)}`],
    [`__Host-latchkey =${id}`],
    [`__Host-latchkey= ${id}`],
    [`__Host-latchkey=${id}x`],
    [`__Host-latchkey=${id.slice(1)}`],
    [`__Host-latchkey=${id.slice(1)}=`],
    ['__Host-latchkey='],
    ['__Host-latchkey'],
    [`a=1, ${cookie}`],
    [`${cookie}, a=1`],
  ])('S2: there is none in "%s"', (header) => {
    expect(readSessionId({ cookie: header })).toBeUndefined();
    expect(readSessionId(new Headers({ cookie: header }))).toBeUndefined();
  });

  it.each<[string, RequestHeaders]>([
    ['in one header', { cookie: `${cookie}; __Host-latchkey=${other}` }],
    ['with the same value', { cookie: `${cookie}; a=1; ${cookie}` }],
    ['one of them empty', { cookie: `${cookie}; __Host-latchkey=` }],
    ['one of them first and no id', { cookie: `__Host-latchkey=x; ${cookie}` }],
    ['over a list', { cookie: [cookie, `a=1; ${cookie}`] }],
    ['over names in two cases', { cookie, Cookie: cookie }],
    [
      'over two headers of the web',
      new Headers([
        ['cookie', cookie],
        ['cookie', cookie],
      ]),
    ],
  ])('S3: a cookie that comes twice counts as none: %s', (_, headers) => {
    expect(readSessionId(headers)).toBeUndefined();
  });

  it.each(['Bearer', 'bearer', 'BEARER'])('%s gives the id, in place of a cookie', (scheme) => {
    const authorization = `${scheme} ${id}`;
    expect(readSessionId({ authorization })).toBe(id);
    expect(readSessionId({ Authorization: authorization })).toBe(id);
    expect(readSessionId(new Headers({ authorization }))).toBe(id);
    expect(readSessionId({ authorization, cookie: `__Host-latchkey=${other}` })).toBe(id);
    expect(readSessionId({ authorization }, { bearer: false })).toBeUndefined();
  });

  it.each<[unknown]>([
    [''],
    ['Bearer'],
    ['Bearer '],
    ['Bearer not-an-id'],
    [`Bearer ${id}, Bearer ${id}`],
    [`Basic ${id}`],
    [`Bearer${id}`],
    [id],
    [[`Bearer ${id}`, `Bearer ${id}`]],
    [7],
    [{}],
  ])('S3: a request with Authorization %j is not authenticated by its cookie', (authorization) => {
    expect(readSessionId({ authorization, cookie } as RequestHeaders)).toBeUndefined();
    expect(readSessionId({ AUTHORIZATION: authorization, cookie } as RequestHeaders)).toBeUndefined();
    expect(readSessionId({ authorization, cookie } as RequestHeaders, { bearer: false })).toBeUndefined();
  });

  it('S3: the bearer value of an own token does not fall back to the cookie with bearer: false', () => {
    expect(readSessionId({ authorization: `Bearer ${id}`, cookie }, { bearer: false })).toBeUndefined();
    expect(readSessionId({ cookie }, { bearer: false })).toBe(id);
  });

  it('the cookie is looked for by the name that its options give it', () => {
    for (const options of [{ name: 'id' }, { domain: 'example.com' }, { secure: false }]) {
      const [sent = ''] = sessionCookie(id, options).split(';');
      expect(readSessionId({ cookie: sent }, options)).toBe(id);
      expect(readSessionId({ cookie }, options)).toBeUndefined();
    }
  });

  it('F4: odd headers give no id and throw nothing', () => {
    const oddValue = fc.oneof(
      fc.anything(),
      fc.string(),
      fc.constant(cookie),
      fc.constant(`Bearer ${id}`),
      fc.array(fc.oneof(fc.string(), fc.constant(cookie), fc.anything())),
    );
    fc.assert(
      fc.property(oddValue, oddValue, (value, authorization) => {
        for (const headers of [{ cookie: value }, { cookie: value, authorization }, value]) {
          const read = readSessionId(headers as RequestHeaders);
          expect(read === undefined || read === id).toBe(true);
          expect(['string', 'undefined']).toContain(typeof bearerToken(headers as RequestHeaders));
        }
      }),
    );
  });

  it('S2: an id is found among any other cookies', () => {
    const name = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
    const value = fc.stringMatching(/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{0,50}$/);
    const others = fc.array(fc.tuple(name, value).map((pair) => pair.join('=')));
    fc.assert(
      fc.property(others, others, (before, after) => {
        expect(readSessionId({ cookie: [...before, cookie, ...after].join('; ') })).toBe(id);
        expect(readSessionId({ cookie: [...before, ...after].join('; ') })).toBeUndefined();
      }),
    );
  });

  it.each<[string, RequestHeaders]>([
    ['one long value', { cookie: `__Host-latchkey=${'a'.repeat(1_000_000)}` }],
    ['blanks', { cookie: `a${' '.repeat(1_000_000)}__Host-latchkey=` }],
    ['the name and blanks', { cookie: ' __Host-latchkey= '.repeat(50_000).replaceAll('=', '') }],
    ['longer names', { cookie: 'x__Host-latchkey='.repeat(50_000) }],
    ['blanks before longer names', { cookie: `x${' '.repeat(20)}__Host-latchkey=`.repeat(30_000) }],
    ['a long token', { authorization: `Bearer ${'a'.repeat(1_000_000)}` }],
    ['a token of blanks', { authorization: `Bearer ${' '.repeat(1_000_000)}` }],
    ['a token, blanks and more', { authorization: `Bearer a${' '.repeat(1_000_000)}b` }],
  ])('F4: a megabyte of %s is read at once', (_, headers) => {
    const { read } = createSessionCookies();
    const before = performance.now();
    expect(read(headers)).toBeUndefined();
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe('bearerToken', () => {
  it.each<[RequestHeaders, string | undefined]>([
    [{ authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bEARER   a.b-c|d:e== ' }, 'a.b-c|d:e=='],
    [{ authorization: ['Bearer abc'] }, 'abc'],
    [new Headers({ Authorization: 'Bearer abc' }), 'abc'],
    [{}, undefined],
    [{ authorization: undefined }, undefined],
    [{ authorization: 'Bearer a b' }, undefined],
    [{ authorization: 'Bearer \u00e4' }, undefined],
    [{ authorization: 'Bearer a\r\nX: y' }, undefined],
    [{ authorization: 'Basic abc' }, undefined],
    [{ authorization: 'XBearer abc' }, undefined],
    [{ authorization: ['Bearer abc', 'Bearer abc'] }, undefined],
    [{ authorization: 'Bearer abc', Authorization: 'Bearer abc' }, undefined],
  ])('reads %j as %s', (headers, token) => {
    expect(bearerToken(headers)).toBe(token);
  });
});
