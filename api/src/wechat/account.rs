//! What a brand needs to speak to WeChat.

use secrecy::SecretString;
use uuid::Uuid;

/// A brand's mini-program and merchant account. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Account {
    pub brand_id: Uuid,
    /// Short name of the brand, for logs.
    pub slug: String,
    /// The mini-program, `wx` + 16 hex digits.
    pub appid: String,
    pub app_secret: SecretString,
    /// The merchant account, digits.
    pub mchid: String,
    /// Serial of the merchant API certificate, upper-case hex.
    pub merchant_serial: String,
    /// PKCS#8 PEM, RSA.
    pub merchant_key_pem: SecretString,
    /// 32 ASCII bytes.
    pub api_v3_key: SecretString,
    /// `PUB_KEY_ID_…`, the serial of a platform certificate, or empty. This key is believed without asking anybody;
    /// certificates that WeChat Pay lists under `/v3/certificates` are believed besides it. Empty when the merchant
    /// has no public key yet: then the listed certificates alone count.
    pub platform_key_id: String,
    /// That key: X.509 SubjectPublicKeyInfo PEM, or the certificate's PEM; RSA.
    pub platform_public_key_pem: String,
    /// 3 to 32 letters and digits, from the console's message-push page.
    pub push_token: SecretString,
    /// 43 letters and digits. `None` when the console says plain mode; when present, plain messages are refused,
    /// since their signature does not cover the body.
    pub push_aes_key: Option<SecretString>,
}
