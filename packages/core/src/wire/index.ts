// For authors of providers: readers of what comes over the wire. Each takes anything; where a value cannot be read it is
// absent, since a field that came in another form is no reason to refuse a sign-in. What must be there is `required`.
export { bearerText } from './bearer-text.js';
export {
  asFlag,
  asNumber,
  asRecord,
  asText,
  flag,
  integer,
  isMoment,
  listOf,
  number,
  readable,
  readList,
  record,
  required,
  text,
  type RawRecord,
} from './readers.js';
export { recordOf } from './record-of.js';
