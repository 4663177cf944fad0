// Made by `npm run types` from the service's OpenAPI document. Do not edit.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        LoginReply: components["schemas"]["IdentityNames"] & components["schemas"]["ProfileFields"] & components["schemas"]["TokenFields"] & {
            isNewUser: boolean;
            /** @description Whether a phone number is stored. */
            phoneBound: boolean;
            /** Format: uuid */
            userId: string;
            watermark?: components["schemas"]["WatermarkReply"];
        };
        /** @description Who the user is to the mini program. */
        IdentityNames: {
            openId: string;
            unionId?: string;
        };
        /** @description What the user shows of themselves. */
        ProfileFields: {
            avatarUrl?: string;
            city?: string;
            country?: string;
            /** Format: int32 */
            gender?: number;
            language?: string;
            nickName?: string;
            province?: string;
        };
        /** @description A pair of tokens, as a login answers it too. */
        TokenFields: {
            /**
             * Format: int64
             * @description Seconds.
             */
            expiresIn: number;
            /**
             * Format: int64
             * @description Seconds.
             */
            refreshExpiresIn: number;
            refreshToken: string;
            /** @description A JWT, signed with `tokens.algorithm`. */
            token: string;
            /** @description Always `Bearer`. */
            tokenType: string;
        };
        WatermarkReply: {
            appid: string;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            timestamp: number;
        };
        /** @description The user's own view of themselves. */
        UserReply: components["schemas"]["IdentityNames"] & components["schemas"]["ProfileFields"] & {
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            lastLoginAt: string;
            /** @description In E.164. */
            phone?: string;
            /** @description Whether there is a `phone`. */
            phoneBound: boolean;
            /** Format: uuid */
            userId: string;
        };
        EditBody: {
            /**
             * Format: uri
             * @description An https address.
             */
            avatarUrl?: string | null;
            city?: string | null;
            country?: string | null;
            /**
             * Format: int64
             * @description 1 male, 2 female; 0 takes it back.
             */
            gender?: number | null;
            language?: string | null;
            nickName?: string | null;
            province?: string | null;
        };
        /** @description What `wx.getUserProfile` and its kin gave the page. An empty text is as absent. */
        UserInfoMapBody: {
            /** @description Base64; with `iv`, or not at all. */
            encryptedData?: string | null;
            /** @description Base64 of 16 bytes. */
            iv?: string | null;
            /** @description The JSON text that `signature` covers; with it, or not at all. */
            rawData?: string | null;
            /** @description SHA-1 of `rawData` and the session_key, in hex. */
            signature?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
