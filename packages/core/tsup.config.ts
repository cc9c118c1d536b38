import { library } from '../../tsup.base';

export default library({
  index: 'src/index.ts',
  http: 'src/http/index.ts',
  store: 'src/store/index.ts',
  testing: 'src/testing/index.ts',
  wire: 'src/wire/index.ts',
});
