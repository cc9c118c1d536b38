export { LatchkeyHealthIndicator, type ProviderHealthOptions } from './latchkey-health.indicator.js';
