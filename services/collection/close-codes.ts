/** WebSocket close codes of a collection (RS-016 "Close codes"). */
export const CLOSE = {
  completed: 1000,
  invalidMessage: 1003,
  browserRefused: 1008,
  messageTooLarge: 1009,
  internalError: 1011,
  tryAgain: 4000,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];
