export { lclx, type LclxOptions } from './lclx.js';
export type { LclxAccount, LclxCompany } from './lclx-account.js';
export type { LclxCredentials } from './lclx-credentials.js';

export { lclxClient, type LclxClient, type LclxClientOptions } from './lclx-client.js';
export type { LclxCarrier, LclxCurrency, LclxRoute } from './lclx-freight.js';
export type {
  LclxLoadingCompany,
  LclxLoadingContact,
  LclxOffer,
  LclxOfferedRequest,
  LclxOfferToSubmit,
  LclxRateRequest,
  LclxRequestToSubmit,
} from './lclx-quotes.js';
