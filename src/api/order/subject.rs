//! What an order says about the holder of its certificate, apart from the email address and the organization.

/// The place of the organization, and the number that identifies it. Certificates that name an organization contain them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SubjectDetails {
    /// The country, two capital letters of ISO 3166.
    pub country: Option<Box<str>>,
    /// The state or province.
    pub state_or_province: Option<Box<str>>,
    /// The city.
    pub locality: Option<Box<str>>,
    /// The `organizationIdentifier`.
    pub organization_identifier: Option<Box<str>>,
}

impl SubjectDetails {
    /// The most characters that the API accepts of a country, a state, a locality and an identifier.
    pub const MAX: [usize; 4] = [2, 128, 128, 100];

    /// The details in a box, or None if there are none.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }

    /// How much memory they take, in bytes, near enough.
    pub fn memory(&self) -> usize {
        let texts = self.fields().map(|(_, text)| text.map_or(0, str::len));
        // Each text is allocated by itself.
        const ALLOCATED: usize = 24;
        size_of::<Self>() + texts.iter().map(|length| ALLOCATED + length).sum::<usize>()
    }

    /// All of them, each with its name in the API.
    pub fn fields(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("countryName", self.country.as_deref()),
            ("stateOrProvinceName", self.state_or_province.as_deref()),
            ("localityName", self.locality.as_deref()),
            ("organizationIdentifier", self.organization_identifier.as_deref()),
        ]
    }
}

/// Whether a text is a two-letter code of ISO 3166, in capital letters.
pub(crate) fn is_country(text: &str) -> bool {
    text.len() == 2 && COUNTRIES.split(' ').any(|code| code == text)
}

/// The codes that ISO 3166-1 assigns.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
    FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT \
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP \
    MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE \
    RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV \
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries() {
        assert_eq!(COUNTRIES.split(' ').count(), 249);
        assert!(is_country("GB") && is_country("DE"));
        for text in ["UK", "gb", "XX", "", "G", "GB ", "D E", "ü"] {
            assert!(!is_country(text), "{text}");
        }
    }
}
