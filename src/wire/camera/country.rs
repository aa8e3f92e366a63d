//! Countries as plate readers write them, to the contract's ISO 3166-1 alpha-2.

/// Every alpha-3 code with its alpha-2 code behind it (ISO 3166-1).
const ALPHA: &str = "\
    ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT AZEAZ BDIBI BELBE \
    BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BVTBV BWABW \
    CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY \
    CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR \
    FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU \
    GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE \
    JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT \
    LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ \
    MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ \
    OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU \
    RWARW SAUSA SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK \
    SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT TUNTN TURTR TUVTV \
    TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA \
    ZMBZM ZWEZW";

/// The alpha-2 code of an alpha-3 one, in any case.
pub(super) fn from_alpha_3(text: &str) -> Option<String> {
    let wanted = text.to_ascii_uppercase();
    let pair = |pair: &'static str| pair.split_at_checked(3);
    ALPHA.split(' ').filter_map(pair).find(|(three, _)| *three == wanted).map(|(_, two)| two.to_owned())
}

/// An alpha-2 code, in any case, if there is such a country.
pub(super) fn from_alpha_2(text: &str) -> Option<String> {
    let wanted = text.to_ascii_uppercase();
    let pair = |pair: &'static str| pair.split_at_checked(3);
    ALPHA.split(' ').filter_map(pair).any(|(_, two)| *two == wanted).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corridor_s_countries_are_known_in_both_codes() {
        for (three, two) in [
            ("KAZ", "KZ"),
            ("kgz", "KG"),
            ("UZB", "UZ"),
            ("TJK", "TJ"),
            ("TKM", "TM"),
            ("CHN", "CN"),
            ("RUS", "RU"),
            ("AZE", "AZ"),
            ("GEO", "GE"),
            ("TUR", "TR"),
            ("DEU", "DE"),
        ] {
            assert_eq!(from_alpha_3(three).as_deref(), Some(two));
            assert_eq!(from_alpha_2(&two.to_lowercase()).as_deref(), Some(two));
        }
        assert_eq!(ALPHA.split(' ').filter(|pair| pair.len() == 5).count(), 249);
        for unknown in ["", "KZ", "XXX", "казахстан", "12"] {
            assert_eq!(from_alpha_3(unknown), None, "{unknown}");
        }
        assert_eq!(from_alpha_2("XX"), None);
    }
}
