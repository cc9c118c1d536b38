import { library } from '../../tsup.base';

export default library({
  index: 'src/index.ts',
  testing: 'src/testing/index.ts',
  swagger: 'src/swagger/index.ts',
  terminus: 'src/terminus/index.ts',
});
