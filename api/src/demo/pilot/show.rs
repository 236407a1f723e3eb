//! The sample goes to the KOC; she posts the truth about it.

use anyhow::Result;
use chrono::Duration;
use serde_json::json;

use super::Pilot;
use crate::demo::caller::{at, text};
use crate::demo::pictures;

impl Pilot<'_> {
    pub(super) async fn show(&self) -> Result<()> {
        self.bar.set_message("the KOC tries the sample on");
        self.send_sample().await?;
        self.post().await?;
        self.bar.set_message("WeChat checks the post");
        self.publish().await
    }

    async fn send_sample(&self) -> Result<()> {
        let merchandiser = self.caller("merchandiser.token")?;
        let due = (self.app.clock.now() + Duration::days(10)).to_rfc3339();
        let due = self.diary.once("tryon.due", || async { Ok(json!(due)) }).await?;
        let input = json!({
            "entryId": self.diary.text("entry")?,
            "kocId": self.diary.text("koc.id")?,
            "size": "160/84A",
            "color": "雾蓝 Mist blue",
            "tryOnDueAt": due,
        });
        let made = merchandiser.act("requestSample", "sample", input, "sample { id tryOn { id } }").await?;
        let sample = text(&made, "sample.id")?;
        self.diary.note("tryon", text(&made, "sample.tryOn.id")?);
        let parcel = json!({ "sampleId": sample, "carrier": "SF", "trackingNo": "SF1000000000001" });
        merchandiser.act("dispatchSample", "sample-sent", parcel, "sample { id }").await?;
        let koc = self.caller("koc.token")?;
        koc.act("confirmSampleReceived", "sample-here", json!({ "sampleId": sample }), "sample { id }").await?;
        self.bar.inc(3);
        self.diary.save()
    }

    async fn post(&self) -> Result<()> {
        let koc = self.caller("koc.token")?;
        for kind in ["PHOTOS", "BODY_DATA"] {
            let input = json!({ "kind": kind, "textVersion": "2026-01" });
            koc.act("grantConsent", &format!("consent-{kind}"), input, "consent { id }").await?;
        }
        let mut photos = Vec::new();
        for number in 1..=2u32 {
            let note = format!("photo.{number}");
            let photo = self.diary.once(&note, || async {
                let bytes = tokio::task::spawn_blocking(move || pictures::tryon(number)).await?;
                Ok(json!(koc.upload(bytes).await?))
            });
            photos.push(photo.await?);
        }
        let input = json!({
            "tryOnId": self.diary.text("tryon")?,
            "body": "我 160 cm、55 kg，穿 M 码。腰线收得刚好，走路很轻。The waist sits where it should and the skirt moves well.",
            "sizeWorn": "M",
            "fit": "TRUE_TO_SIZE",
            "cons": "领口对短脖子略高；浅色需要穿内衬。The collar is a little high for a short neck; the light colour needs a lining.",
            "mediaIds": photos,
            "heightCm": 160,
            "weightKg": 55,
        });
        koc.act("submitTryOn", "tryon", input, "tryOn { id status }").await?;
        self.bar.inc(3);
        Ok(())
    }

    async fn publish(&self) -> Result<()> {
        let merchandiser = self.caller("merchandiser.token")?;
        let id = json!({ "id": self.diary.text("tryon")? });
        let checked = |data: &serde_json::Value| {
            at(data, "tryOn.securityVerdicts.overall") == "PASS" || at(data, "tryOn.status") == "PUBLISHED"
        };
        let query = "query($id: ID!) { tryOn(id: $id) { status securityVerdicts { overall } } }";
        self.until("the content check", &merchandiser, query, id, checked).await?;
        let input = json!({ "tryOnId": self.diary.text("tryon")? });
        merchandiser.act("approveTryOn", "approve", input.clone(), "tryOn { id }").await?;
        merchandiser.act("publishTryOn", "publish", input, "tryOn { id adLabel }").await?;
        self.bar.inc(2);
        Ok(())
    }
}
