import { ErrorCodes, LSPErrorCodes, ResponseError } from 'vscode-languageserver-protocol';
import { type ErrorCode, LanternError, errorMessage } from '../../../shared/src/errors.js';
import type { ErrorData } from '../../../shared/src/protocol/protocol.js';

export function errorCode(error: unknown): ErrorCode {
  return error instanceof LanternError ? error.code : 'internal';
}

/** An error for JSON-RPC: a number that any client understands, and our own code in `data`. */
export function toResponseError(error: unknown): ResponseError<ErrorData> {
  const code = errorCode(error);
  return new ResponseError(numberOf(code), errorMessage(error), { code });
}

function numberOf(code: ErrorCode): number {
  if (code === 'cancelled') return LSPErrorCodes.RequestCancelled;
  if (code === 'bad-request') return ErrorCodes.InvalidParams;
  return code === 'internal' ? ErrorCodes.InternalError : LSPErrorCodes.RequestFailed;
}
