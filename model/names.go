package model

// The names of the properties.
const (
	ExclusionName  = "exclusion"
	UpdateName     = "update"
	RecoveryName   = "recovery"
	OwnershipName  = "ownership"
	HonestyName    = "honesty"
	PatienceName   = "patience"
	PhantomName    = "phantom"
	DisclosureName = "disclosure"
)
